from django.http import HttpResponse
from django.urls import path

def page(request):
    return HttpResponse("this is the shop")

urlpatterns = [path("", page)]
